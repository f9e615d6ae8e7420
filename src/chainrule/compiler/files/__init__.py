"""Program files: a plan and all that belongs to it as data, which is checked and never run when it is read."""
