"""What a city publishes for its gates besides the deny list: each list's content, read strictly.

The city reads with this before it publishes, the gate before it puts in force: what the one would
sign the other can use. A content is bytes; its form is that of the file it comes from.
"""

from tongxing.published.contents import CodeTrust, Contents, read_content
from tongxing.published.writing import bundled, entry_content

__all__ = ["CodeTrust", "Contents", "bundled", "entry_content", "read_content"]
