// Whether programs have come to rest: nobody has anything left to do until somebody types.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>

/// Tells of all threads in these sessions (setsid(2)) how often they have fallen asleep; nothing if one of
/// them is awake. If it is the same a moment later, none has done anything in between: proc(5). Empty where
/// can_see_sleep is false.
std::optional<std::string> all_asleep(const std::set<pid_t>& sessions);

/// False on a system without /proc, such as macOS.
extern const bool can_see_sleep;
