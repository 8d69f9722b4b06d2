"""The worker's side of a session with a host: requests in, events out. The host's side is ``onepiece_hosts.worker``."""
