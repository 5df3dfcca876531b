"""What if: parameters varied over seeds on all cores, and what the differences say."""
