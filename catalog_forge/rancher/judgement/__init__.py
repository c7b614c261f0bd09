"""What Rancher refuses: each problem with the rule of lint that tells of it. `up`, `lint` and `lint --verdicts` are its users."""
