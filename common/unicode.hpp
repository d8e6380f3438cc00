// What a std::string does not know about Unicode: where a character ends, and whether it shows.
#pragma once

#include <optional>
#include <string_view>

/// Takes the first character off the front of `bytes`: its code point, or nothing if the bytes there are not
/// UTF-8, of which it takes one. `bytes` is not empty. As in Python's pickle a str may hold a lone surrogate
/// (U+D800 to U+DFFF), which RFC 3629 forbids: the error handler 'surrogatepass' of Python's codecs.
std::optional<char32_t> take_character(std::string_view& bytes);

/// True if take_character() finds characters only.
bool is_utf8(std::string_view bytes);

/// True if the character shows on a screen: not one of the Unicode categories Cc, Cf, Cs, Co, Cn (other) and Zl,
/// Zp, Zs (separators), save the space U+0020. This is str.isprintable() of Python 3.11, which knows Unicode 14.
bool is_printable(char32_t code_point);
