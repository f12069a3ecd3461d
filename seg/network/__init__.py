"""Networks, as training and service build them."""
