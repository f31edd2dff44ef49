"""What pages show, as frozen values that are made from values; nothing here reads or writes."""
