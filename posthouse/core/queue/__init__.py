"""The queue: letters on their way to other servers, held ones, and what has become of each recipient."""
