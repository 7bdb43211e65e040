using Gantry.Core.Errors;
using Gantry.Core.Maintenance;
using Gantry.Storage.Adopt;
using Gantry.Storage.Bolt;

namespace Gantry.Storage.Doctor;

/// <summary>Tells whether containerd has worked on a root since it was taken over.</summary>
internal sealed class AdoptionCheck(DoctorContext context)
{
    private const string Area = "adoption";

    /// <summary>Runs the check.</summary>
    public async Task RunAsync()
    {
        string path = Adoption.SourcePath(context.Root);
        if (context.Database.Read(AdoptionTable.Find) is not { } adopted || !File.Exists(path))
        {
            return;
        }

        try
        {
            using BoltFile source = BoltFile.Open(path);
            if (source.TransactionId == adopted.TransactionId)
            {
                await context.NoteAsync(Area, path, "containerd has not written to it since it was taken over");
                return;
            }

            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Warning,
                    Area,
                    path,
                    $"containerd has written to it since {adopted.AdoptedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, when it "
                    + $"was taken over (transaction {source.TransactionId}, then {adopted.TransactionId}): what it changed is not "
                    + "known here, and what it removed may be missing",
                    "none: don't start containerd on this root; what it has pulled or made since, pull or make again"),
                repair: null);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.DataLoss or ErrorKind.Unavailable or ErrorKind.FailedPrecondition)
        {
            await context.NoteAsync(Area, path, $"not checked: {e.Message}");
        }
    }
}
