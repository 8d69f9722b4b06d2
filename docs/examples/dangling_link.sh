#!/usr/bin/env bash
# One dangling link in a folder of 21 files: what `sync --delete` leaves of the 21 objects.
#
#     eval "$(onepiece sandbox env)"
#     bash docs/examples/dangling_link.sh my-bucket
#
# Needs s5cmd, onepiece, and AWS_ENDPOINT_URL for a server other than AWS. Writes below s3://BUCKET/DANGLING alone.
set -euo pipefail

bucket=$1
server=(${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"})
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

for tool in s5cmd onepiece; do
    mkdir -p "$folder/$tool"
    for scene in sc01 sc02 sc03; do
        mkdir -p "$folder/$tool/$scene"
        for frame in 1001 1002 1003 1004 1005 1006 1007; do
            echo "$scene $frame" > "$folder/$tool/$scene/$frame.exr"
        done
    done
    s5cmd "${server[@]}" --log error cp "$folder/$tool/" "s3://$bucket/DANGLING/$tool/"
    ln -s nowhere "$folder/$tool/sc01/1004.old.exr"
done

status=0
s5cmd "${server[@]}" sync --delete "$folder/s5cmd/" "s3://$bucket/DANGLING/s5cmd/" > "$folder/s5cmd.txt" 2>&1 || status=$?
echo "s5cmd:    $(s5cmd "${server[@]}" ls "s3://$bucket/DANGLING/s5cmd/*" | wc -l) of 21 objects are left, exit status $status"

status=0
onepiece aws sync-to "$bucket" DANGLING onepiece "$folder" --delete > "$folder/onepiece.txt" 2>&1 || status=$?
echo "onepiece: $(s5cmd "${server[@]}" ls "s3://$bucket/DANGLING/onepiece/*" | wc -l) of 21 objects are left, exit status $status"
grep missing "$folder/onepiece.txt"
