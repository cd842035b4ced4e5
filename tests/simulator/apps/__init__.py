"""Voice applications as other people write them; each stands alone and knows no simulator."""
