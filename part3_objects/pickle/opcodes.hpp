// The opcodes of Python's pickle format.
#pragma once

/// Those that Python 3 writes at protocols 2 to 5, and, to refuse them, three older ones: PERSID, INST and OBJ.
/// Lib/pickletools.py describes each under the same name.
// clang-format off
enum class Opcode : unsigned char {
  PROTO = 0x80, FRAME = 0x95, STOP = '.',
  NONE = 'N', NEWTRUE = 0x88, NEWFALSE = 0x89,
  BININT1 = 'K', BININT2 = 'M', BININT = 'J', LONG1 = 0x8a, LONG4 = 0x8b, BINFLOAT = 'G',
  SHORT_BINUNICODE = 0x8c, BINUNICODE = 'X', BINUNICODE8 = 0x8d,
  SHORT_BINBYTES = 'C', BINBYTES = 'B', BINBYTES8 = 0x8e,
  MARK = '(', EMPTY_LIST = ']', APPEND = 'a', APPENDS = 'e', EMPTY_DICT = '}', SETITEM = 's', SETITEMS = 'u',
  EMPTY_TUPLE = ')', TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87, TUPLE = 't',
  BINPUT = 'q', LONG_BINPUT = 'r', MEMOIZE = 0x94, BINGET = 'h', LONG_BINGET = 'j', POP = '0', POP_MARK = '1',

  // Objects of types that Object does not have, and code.
  EMPTY_SET = 0x8f, ADDITEMS = 0x90, FROZENSET = 0x91, BYTEARRAY8 = 0x96, NEXT_BUFFER = 0x97, READONLY_BUFFER = 0x98,
  GLOBAL = 'c', STACK_GLOBAL = 0x93, REDUCE = 'R', BUILD = 'b', INST = 'i', OBJ = 'o', NEWOBJ = 0x81, NEWOBJ_EX = 0x92,
  EXT1 = 0x82, EXT2 = 0x83, EXT4 = 0x84, PERSID = 'P', BINPERSID = 'Q',
};
// clang-format on
