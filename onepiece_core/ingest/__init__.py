"""Take in a drop: what a vendor or a client sent becomes objects in S3 and Versions in the tracker."""
