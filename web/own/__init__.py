"""The candidate's own page: what it tells, the code that opens their recording, receipts, mails, requests that are due."""
