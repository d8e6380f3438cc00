// What a peer sent, made safe for the terminal.
#pragma once

#include <string>
#include <string_view>

/// `bytes` as text that can be printed: valid UTF-8 as it is, control characters (U+0000 to U+001F,
/// U+007F to U+009F) and bytes that are not valid UTF-8 escaped as Python's repr() does for bytes:
/// `\n`, `\r`, `\t`, `\x1b`, `\xff`. UTF-8 as in RFC 3629: no overlong forms, no surrogates.
std::string printable(std::string_view bytes);

/// `bytes` as Python writes a bytes object: `b'22        '`. Everything but printable ASCII is escaped.
std::string python_bytes(std::string_view bytes);
