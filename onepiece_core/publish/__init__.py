"""A publish that cannot be lost: plan_publish() looks, apply_publish() does, recover goes on."""
