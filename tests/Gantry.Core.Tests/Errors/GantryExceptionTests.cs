using Gantry.Core.Errors;
using Xunit;

namespace Gantry.Core.Tests.Errors;

public sealed class GantryExceptionTests
{
    [Fact]
    public void The_text_ends_with_the_class_once()
    {
        Assert.Equal("image \"x\": not found", new GantryException(ErrorKind.NotFound, "image \"x\"").Message);
        Assert.Equal("image \"x\": not found", new GantryException(ErrorKind.NotFound, "image \"x\": not found").Message);
    }

    [Fact]
    public void An_error_of_no_class_keeps_its_text()
    {
        Assert.Equal("strange", new GantryException(ErrorKind.Unknown, "strange").Message);
    }

    [Fact]
    public void A_text_given_whole_is_kept_letter_for_letter()
    {
        GantryException error = GantryException.Verbatim(ErrorKind.NotFound, "no such process");

        Assert.Equal("no such process", error.Message);
        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public void Every_class_has_a_sentence_of_its_own()
    {
        string[] sentences = [.. Enum.GetValues<ErrorKind>().Select(kind => kind.Sentence())];

        Assert.Equal(sentences.Length, sentences.Distinct(StringComparer.Ordinal).Count());
    }
}
