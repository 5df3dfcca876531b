"""The use cases: one public function each, which take the ports first."""
