using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>All tests of this project share the registry and run one after another: they count what is left.</summary>
[CollectionDefinition(Name)]
public sealed class ImagesCollection : ICollectionFixture<Images>
{
    public const string Name = "images";
}
