"""Who is told of which finding, and when: what the sweeps of alerts and digests read and decide."""
