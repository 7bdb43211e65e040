using Tomlyn.Model;
using Tomlyn.Serialization;

namespace Gantry.Server.Config;

/// <summary>Types that are read from TOML.</summary>
[TomlSerializable(typeof(TomlTable))]
internal sealed partial class ConfigToml : TomlSerializerContext;
