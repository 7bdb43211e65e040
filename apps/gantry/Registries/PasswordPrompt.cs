using System.Text;
using Gantry.Cli.Output;
using Gantry.Linux.Io;

namespace Gantry.Cli.Registries;

/// <summary>Asks for a password: on the terminal, where it is not shown, or by the first line of standard input.</summary>
internal static class PasswordPrompt
{
    private const int MaxBytes = 16 * 1024;

    /// <exception cref="FormatException">There is none.</exception>
    public static async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        string password;
        if (Terminal.IsTerminal(StandardStreams.Stdin))
        {
            using (Terminal.HideInput(StandardStreams.Stdin))
            {
                StandardStreams.Error.Write("Password: ");
                try
                {
                    password = await ReadLineAsync(cancellationToken);
                }
                finally
                {
                    StandardStreams.Error.WriteLine();
                }
            }
        }
        else
        {
            password = await ReadLineAsync(cancellationToken);
        }

        return password.Length > 0 ? password : throw new FormatException("no password given");
    }

    // Reading can't be called off, so it is left behind when the command ends.
    private static Task<string> ReadLineAsync(CancellationToken cancellationToken) =>
        Task.Run(ReadLine, CancellationToken.None).WaitAsync(cancellationToken);

    private static string ReadLine()
    {
        List<byte> line = [];
        byte[] one = new byte[1];
        while (line.Count < MaxBytes && Descriptors.Read(StandardStreams.Stdin, one) > 0 && one[0] != '\n')
        {
            line.Add(one[0]);
        }

        return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
    }
}
