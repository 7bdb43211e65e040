using Gantry.Core.Errors;
using Gantry.Linux;

namespace Gantry.Server.Hosting;

/// <summary>Keeps a second daemon off a root directory, for as long as this one lives.</summary>
public sealed class RootLock : IDisposable
{
    private const string FileName = "gantry.lock";

    private readonly FileStream _file;

    private RootLock(FileStream file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="root">The root directory, which exists.</param>
    /// <exception cref="GantryException">FailedPrecondition: another daemon has it.</exception>
    public static RootLock Take(string root)
    {
        string path = Path.Combine(root, FileName);
        try
        {
            // FileShare.None is flock(2): it goes with the process, however that ends.
            return new RootLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (exception.HResult == Errno.EAGAIN)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"root {root}: another daemon works there",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"root {root}: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
