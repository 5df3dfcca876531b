"""Results and answers as pages: sections with charts, and one HTML file each."""
