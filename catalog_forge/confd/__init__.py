"""confd's side: template resources compiled from blocks, for every release from 0.14 on (Go 1.8: no assignment, no break)."""
