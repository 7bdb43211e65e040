using Gantry.Core.Errors;
using Gantry.Linux.Processes;

namespace Gantry.Runtime.Shims;

/// <summary>Runs a program to its end, with errors that a client can act on.</summary>
internal static class RuntimeProgram
{
    /// <inheritdoc cref="ProgramRun.RunAsync"/>
    /// <exception cref="GantryException">DeadlineExceeded. InvalidArgument: the input is too long.</exception>
    public static async Task<ProgramResult> RunAsync(
        SpawnRequest request,
        ReadOnlyMemory<byte> input,
        int outputLimit,
        TimeSpan deadline,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (input.Length > ProgramRun.InputLimit)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"{request.Program}: options of {input.Length} bytes, more than {ProgramRun.InputLimit}");
        }

        try
        {
            return await ProgramRun.RunAsync(
                request, input, outputLimit, deadline, time, RuntimeLoop.Shared, cancellationToken);
        }
        catch (TimeoutException failure)
        {
            throw new GantryException(ErrorKind.DeadlineExceeded, failure.Message, failure);
        }
    }
}
