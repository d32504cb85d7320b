"""Training: from recordings or synthetic voices to the weights that ship."""
