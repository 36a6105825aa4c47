"""Where a question starts from: a postcode, a care home, or where somebody stands."""
