"""The timetable at work: every worker takes jobs that are due."""
