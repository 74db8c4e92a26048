"""The benchmark house: our portal, its peers and the limit on the same work, in turn, in one run."""
