using System.Runtime.InteropServices;

namespace Gantry.Linux;

/// <summary>A system call that failed: which, on what, and why.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>Makes the error of a failed call.</summary>
    /// <param name="call">The call, as its man page names it.</param>
    /// <param name="subject">What it was called on: a path, a process id.</param>
    /// <param name="errno">The error number, see errno(3).</param>
    public LinuxException(string call, string subject, int errno)
        : base($"{call} {subject}: {Describe(errno)}")
    {
        Call = call;
        Subject = subject;
        Errno = errno;
    }

    /// <summary>The call, as its man page names it.</summary>
    public string Call { get; }

    /// <summary>What it was called on.</summary>
    public string Subject { get; }

    /// <summary>The error number, see errno(3) and <see cref="Linux.Errno"/>.</summary>
    public int Errno { get; }

    /// <summary>The error of the call that has just failed on this thread.</summary>
    /// <param name="call">The call, as its man page names it.</param>
    /// <param name="subject">What it was called on.</param>
    public static LinuxException Last(string call, string subject) =>
        new(call, subject, Marshal.GetLastPInvokeError());

    /// <summary>The text of an error number, in lower case as the rest of the field has it.</summary>
    private static string Describe(int errno)
    {
        string text = Marshal.GetPInvokeErrorMessage(errno);
        return text.Length > 1 && char.IsUpper(text[0]) && char.IsLower(text[1])
            ? char.ToLowerInvariant(text[0]) + text[1..]
            : text;
    }
}
