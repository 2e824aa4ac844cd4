"""Model weights: the catalogue, fetching, verifying, finding, and the one conversion two engines share."""
