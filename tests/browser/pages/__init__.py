"""The pages as people meet them: the real server in this process, a real Chromium in front of it."""
