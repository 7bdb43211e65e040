using System.Text.RegularExpressions;
using Xunit;

namespace Gantry.Architecture.Tests;

/// <summary>Rules about the source that no analyzer checks.</summary>
public sealed partial class SourceTests
{
    [Fact]
    public void Only_the_linux_project_calls_native_code()
    {
        string[] strangers = [.. Repository.Sources("src").Concat(Repository.Sources("apps"))
            .Where(path => !Repository.Relative(path).StartsWith("src/Gantry.Linux/", StringComparison.Ordinal))
            .Where(path => NativeCode().IsMatch(File.ReadAllText(path)))
            .Select(Repository.Relative)];

        Assert.Empty(strangers);
    }

    [Fact]
    public void Nothing_claims_to_work_and_throws_not_implemented()
    {
        string[] stubs = [.. Repository.Sources("src").Concat(Repository.Sources("apps"))
            .Where(path => File.ReadAllText(path).Contains("NotImplementedException", StringComparison.Ordinal))
            .Select(Repository.Relative)];

        Assert.Empty(stubs);
    }

    [GeneratedRegex(@"\[(LibraryImport|DllImport)\b|\bunsafe\b\s*(\{|static|void|struct|delegate)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NativeCode();
}
