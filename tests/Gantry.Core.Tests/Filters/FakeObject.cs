using Gantry.Core.Filters;

namespace Gantry.Core.Tests.Filters;

/// <summary>An object whose fields are given as paths joined by blanks.</summary>
internal sealed class FakeObject(params (string Path, string Value)[] fields) : IFieldSource
{
    public bool TryGetField(ReadOnlySpan<string> path, out string value)
    {
        string wanted = string.Join(' ', path!);
        foreach ((string name, string content) in fields)
        {
            if (name == wanted)
            {
                value = content;
                return true;
            }
        }

        value = "unused";
        return false;
    }
}
