#include "docs/check/update.hpp"

#include <fmt/format.h>

#include <map>

#include "docs/check/code.hpp"

Update updated_page(const Page& page, const Report& report) {
  Update update;
  std::map<std::size_t, std::pair<const Block*, const Lines*>> rewritten;  // by the line of the block
  for (const Shown& shown : report.shown) {
    if (shown.whole && shown.updated != shown.block->lines) {
      rewritten[shown.block->line] = {shown.block, &shown.updated};
    } else if (!shown.same) {
      update.left.push_back({page.place(shown.block->line), "left as it is: it could not be run to its end"});
    }
  }
  for (const Quote& quote : report.quotes) {
    if (quote.same) continue;
    if (quote.now) {
      rewritten[quote.block->line] = {quote.block, &*quote.now};
    } else {
      update.left.push_back({page.place(quote.block->line),
                             fmt::format("left as it is: nothing in {} is like it", quote.file)});
    }
  }

  update.blocks = rewritten.size();
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    update.text += page.lines[i] + '\n';
    const auto block = rewritten.find(i + 1);
    if (block == rewritten.end()) continue;
    for (const std::string& line : *block->second.second) update.text += line + '\n';
    i += block->second.first->lines.size();
  }
  return update;
}
