#include "region.h"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

namespace distillery {
namespace {

const std::unordered_map<std::string, Op>& OpNames() {
  static const auto* names = new std::unordered_map<std::string, Op>{
      {"sum", Op::kSum},             {"dot", Op::kDot},
      {"affine", Op::kAffine},       {"affineRelu", Op::kAffineRelu},
      {"blend", Op::kBlend},         {"gate", Op::kGate},
      {"avgPool", Op::kAvgPool},     {"avgPoolGrad", Op::kAvgPoolGrad},
      {"loadVector", Op::kLoadVector}, {"storeVector", Op::kStoreVector},
      {"add", Op::kAdd},             {"sub", Op::kSub},
      {"mul", Op::kMul},             {"div", Op::kDiv},
      {"scale", Op::kScale},         {"addScalar", Op::kAddScalar},
      {"exp", Op::kExp},             {"log", Op::kLog},
      {"rsqrt", Op::kRsqrt},         {"sigmoid", Op::kSigmoid},
      {"relu", Op::kRelu},           {"reluGrad", Op::kReluGrad},
      {"leakyRelu", Op::kLeakyRelu}, {"leakyReluGrad", Op::kLeakyReluGrad},
      {"copy", Op::kCopy}};
  return *names;
}

class Reader {
 public:
  explicit Reader(const std::string& text) : in_(text) {}

  std::string Word() {
    std::string word;
    if (!(in_ >> word)) throw std::runtime_error("the region ends too early");
    return word;
  }
  int64_t Integer() {
    const std::string word = Word();
    char* end = nullptr;
    const long long value = std::strtoll(word.c_str(), &end, 10);
    if (*end != '\0') throw std::runtime_error("not an integer: " + word);
    return value;
  }
  Space ReadSpace() {
    const std::string word = Word();
    if (word == "full") return Space::kFull;
    if (word == "pooled") return Space::kPooled;
    if (word == "vector") return Space::kVector;
    throw std::runtime_error("not a space: " + word);
  }
  Operand ReadOperand(const Region& region) {
    const std::string word = Word();
    if (word == "-") return {};
    static const std::string letters = "bkvio";
    const size_t letter = letters.find(word[0]);
    if (letter == std::string::npos) throw std::runtime_error("not an operand: " + word);
    const int32_t limits[] = {region.blocks, region.kept, region.vectors, region.inputs, region.outputs};
    const int index = std::atoi(word.c_str() + 1);
    if (index < 0 || index >= limits[letter]) throw std::runtime_error("there is no operand " + word);
    return {static_cast<Place>(letter + 1), index};
  }
  std::vector<Instruction> ReadInstructions(const Region& region) {
    std::vector<Instruction> list(Integer());
    for (Instruction& i : list) {
      const std::string name = Word();
      const auto found = OpNames().find(name);
      if (found == OpNames().end()) throw std::runtime_error("no such instruction: " + name);
      i.op = found->second;
      i.space = ReadSpace();
      i.to = ReadOperand(region);
      i.a = ReadOperand(region);
      i.b = ReadOperand(region);
      for (Operand* vector : {&i.a_minus, &i.a_times, &i.b_minus, &i.b_times, &i.plus}) {
        *vector = ReadOperand(region);
      }
      const uint32_t bits = static_cast<uint32_t>(Integer());
      std::memcpy(&i.number, &bits, sizeof i.number);
      i.image_stride = static_cast<int32_t>(Integer());
      i.channel_stride = static_cast<int32_t>(Integer());
    }
    return list;
  }

 private:
  std::istringstream in_;
};

void Add(std::vector<Outside>& list, Operand operand, Space space) {
  const auto same = [&](const Outside& other) { return other.index == operand.index; };
  if (std::none_of(list.begin(), list.end(), same)) list.push_back({operand.index, space});
}

void FindOutside(Phase& phase) {
  for (const Instruction& i : phase.blocks) {
    const Space read = i.op == Op::kAvgPool ? Space::kFull : i.op == Op::kAvgPoolGrad ? Space::kPooled : i.space;
    for (const Operand operand : {i.a, i.b}) {
      if (operand.place == Place::kInput) Add(phase.reads, operand, read);
    }
    if (i.to.place == Place::kOutput) Add(phase.writes, i.to, i.space);
  }
}

}  // namespace

Region ParseRegion(const std::string& text) {
  Reader reader(text);
  Region region;
  region.images = reader.Integer();
  region.height = reader.Integer();
  region.width = reader.Integer();
  region.channels = reader.Integer();
  region.pool = reader.Integer();
  region.blocks = static_cast<int32_t>(reader.Integer());
  region.kept = static_cast<int32_t>(reader.Integer());
  region.vectors = static_cast<int32_t>(reader.Integer());
  region.inputs = static_cast<int32_t>(reader.Integer());
  region.outputs = static_cast<int32_t>(reader.Integer());
  for (int32_t k = 0; k < region.outputs; k++) region.output_spaces.push_back(reader.ReadSpace());
  const int64_t phases = reader.Integer();
  region.prologue = reader.ReadInstructions(region);
  for (int64_t k = 0; k < phases; k++) {
    Phase phase;
    phase.blocks = reader.ReadInstructions(region);
    phase.vectors = reader.ReadInstructions(region);
    FindOutside(phase);
    region.phases.push_back(std::move(phase));
  }
  return region;
}

Tiling TileRegion(const Region& region) {
  // Blocks of 8 KiB leave room for half a dozen in the first-level cache.
  constexpr int64_t kBlockFloats = 2048;
  // Kept images and the inputs beside them should stay in the second-level cache.
  constexpr int64_t kKeptFloats = 96 * 1024;
  Tiling tiling;
  const int64_t pixels = region.height * region.width;
  const bool wide = region.channels > 16 && pixels * 32 * (region.kept + 1) <= kKeptFloats;
  tiling.chunk = wide ? 32 : 16;
  tiling.chunks = (region.channels + tiling.chunk - 1) / tiling.chunk;
  const int64_t band = region.pool * region.width * tiling.chunk;
  tiling.rows = region.pool * std::max<int64_t>(1, kBlockFloats / band);
  tiling.block_size = tiling.rows * region.width * tiling.chunk;
  tiling.image_size = pixels * tiling.chunk;
  tiling.staged = region.channels % tiling.chunk != 0;
  const int64_t outside = tiling.staged ? region.inputs + region.outputs : 0;
  // Two vectors more: of zeros and of ones.
  tiling.scratch = (region.vectors + 2) * tiling.chunk + (region.blocks + outside) * tiling.block_size +
                   region.kept * tiling.image_size;
  return tiling;
}

}  // namespace distillery
