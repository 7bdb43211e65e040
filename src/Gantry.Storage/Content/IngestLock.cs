namespace Gantry.Storage.Content;

/// <summary>The lock of a ref.</summary>
internal sealed class IngestLock(string ns, string reference, DateTimeOffset since)
{
    private volatile ContentWriter? _writer;
    private volatile bool _released;

    /// <summary>Its namespace.</summary>
    public string Namespace => ns;

    /// <summary>The ref.</summary>
    public string Reference => reference;

    /// <summary>Since when it is held.</summary>
    public DateTimeOffset Since => since;

    /// <summary>Whether it has been given back.</summary>
    public bool IsReleased
    {
        get => _released;
        set => _released = value;
    }

    /// <summary>The writer that holds it, once it is open.</summary>
    public ContentWriter? Writer
    {
        get => _writer;
        set => _writer = value;
    }
}
