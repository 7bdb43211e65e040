using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Storage.Metadata;
using Gantry.Testing;
using Microsoft.Data.Sqlite;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Metadata;

public sealed class CrashTests
{
    [Fact]
    public async Task What_was_acknowledged_is_in_the_files_at_that_moment()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "blob");
        await store.Default.Images.CreateAsync(Image("i", digest), Token);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(
            i => store.Default.Containers.CreateAsync(Container($"c{i}"), Token)));
        using TempDirectory copy = new();

        // The files as a crash would leave them: nothing is closed, nothing checkpointed.
        CopyTree(Path.Combine(store.Root, "root"), copy.Path);
        await using MetadataStore after = await MetadataStore.OpenAsync(store.OptionsFor(copy.Path), Token);

        Assert.Equal(50, (await after.In(Namespace.Default).Containers.ListAsync([], Token)).Count);
        Assert.Equal(digest, (await after.In(Namespace.Default).Images.GetAsync("i", Token)).Target.Digest);
        Assert.Equal("blob", await ReadAsync(after.In(Namespace.Default).Content, digest));
    }

    [Fact]
    public async Task A_database_of_a_later_version_is_refused()
    {
        await using TestStore store = await TestStore.OpenAsync();
        using TempDirectory root = new();
        await (await MetadataStore.OpenAsync(store.OptionsFor(root.Path), Token)).DisposeAsync();
        await using (SqliteConnection connection = new(
            $"Data Source={root["io.containerd.metadata.v1.bolt/gantry.db"]};Pooling=False"))
        {
            await connection.OpenAsync(Token);
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE schema_version SET version = 9999";
            await command.ExecuteNonQueryAsync(Token);
        }

        GantryException error = await TestStore.FailsAsync(
            ErrorKind.FailedPrecondition, () => MetadataStore.OpenAsync(store.OptionsFor(root.Path), Token));

        Assert.Contains("metadata database has schema version 9999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_who_gives_up_before_his_turn_changes_nothing()
    {
        await using TestStore store = await TestStore.OpenAsync();
        using CancellationTokenSource gaveUp = new();
        await gaveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.Default.Containers.CreateAsync(Container("c"), gaveUp.Token));

        Assert.Empty(await store.Default.Containers.ListAsync([], Token));
    }

    private static void CopyTree(string from, string to)
    {
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
