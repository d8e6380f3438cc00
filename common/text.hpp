// What a peer sent, made safe for the terminal.
#pragma once

#include <string>
#include <string_view>

/// `bytes` as text that can be printed, on one line, and that cannot pose as any other bytes. Valid UTF-8 (RFC 3629)
/// stays as it is: letters, marks, digits, signs, emoji and the space. Escaped as Python's repr() does for bytes,
/// `\n`, `\x1b`, `\xff`, are
/// - what is not UTF-8, and control characters, which a terminal obeys;
/// - what is not seen, or moves what is seen: every other character that is_printable() excludes, such as U+202E,
///   which turns the direction of writing around, U+200B, a space without a width, and U+2028, the end of a line;
///   and eight letters, marks and symbols that are blank, such as U+3164;
/// - the backslash, as `\\`: so nobody can write an escape by hand.
/// Some are not seen themselves but change what is, and stay where people write them: U+200D between emoji, which
/// it makes one (a family, a flag); U+200C and U+200D between letters of the scripts from Arabic to Sinhala, whose
/// shapes they choose; a variation selector after what has variants: U+FE0F makes a heart red.
/// Letters that look like others, such as the Cyrillic a, stay too: which are foreign depends on the reader.
std::string printable(std::string_view bytes);

/// A name as it stands before ` : ` or ` > `, so that where it ends is certain: as printable() has it, with a space at
/// either end as `\x20`, and a colon or `>` after a space as `\x3a` and `\x3e`.
std::string printable_name(std::string_view name);

/// `bytes` as Python writes a bytes object: `b'22        '`. Everything but printable ASCII is escaped.
std::string python_bytes(std::string_view bytes);
