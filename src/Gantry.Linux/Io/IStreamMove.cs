namespace Gantry.Linux.Io;

/// <summary>Bytes on their way from a descriptor, on an <see cref="IoLoop"/>.</summary>
public interface IStreamMove
{
    /// <summary>Done when the source has ended or an end broke, and all descriptors are closed.</summary>
    Task Completion { get; }

    /// <summary>How many bytes wait in the source, or in between, to be moved; 0 when it has ended.</summary>
    int Waiting { get; }

    /// <summary>Ends it now; what has not been moved is lost.</summary>
    void Stop();
}
