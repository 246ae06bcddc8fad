"""The benchmark: fictive municipalities by COPY, a bare server to compare with, and interleaved rounds."""
