"""The regulator's desk: any event of the book, closed bodies with each look logged, the access log, the log itself."""
