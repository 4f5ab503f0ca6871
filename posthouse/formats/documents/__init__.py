"""Text of documents: PDF, and the office formats that are XML in a ZIP archive. For searching, not for showing."""
