namespace Gantry.Core.Errors;

/// <summary>
/// A failure that a client acts on. The message says what failed, subject first, in lower case and without a full stop,
/// and ends with the sentence of its kind: <c>image "x": not found</c>.
/// </summary>
public sealed class GantryException : Exception
{
    /// <summary>Makes an error whose message is <paramref name="detail"/>, a colon, and the kind's sentence.</summary>
    /// <param name="kind">The class of the failure.</param>
    /// <param name="detail">What failed; the kind's sentence is added unless it ends with it already.</param>
    /// <param name="inner">What caused it, if anything did.</param>
    public GantryException(ErrorKind kind, string detail, Exception? inner = null)
        : base(Compose(kind, detail), inner)
    {
        Kind = kind;
    }

    /// <summary>The class of the failure.</summary>
    public ErrorKind Kind { get; }

    /// <summary>
    /// Makes an error whose message is given whole: what another process said, to be passed on letter for letter.
    /// </summary>
    /// <param name="kind">The class of the failure.</param>
    /// <param name="message">The message.</param>
    /// <param name="inner">What caused it, if anything did.</param>
    public static GantryException Verbatim(ErrorKind kind, string message, Exception? inner = null) =>
        new(message, kind, inner);

    private GantryException(string message, ErrorKind kind, Exception? inner)
        : base(message, inner)
    {
        Kind = kind;
    }

    private static string Compose(ErrorKind kind, string detail)
    {
        string sentence = kind.Sentence();
        return kind is ErrorKind.Unknown || detail.EndsWith(sentence, StringComparison.Ordinal)
            ? detail
            : $"{detail}: {sentence}";
    }
}
