using System.Security.Cryptography;
using Gantry.Linux.Io;
using Gantry.Testing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Linux.Tests.Io;

public sealed class StreamCopyTests
{
    private static readonly IoLoop Loop = IoLoop.Start();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_move_from_pipe_to_pipe_whole_and_in_order_while_the_reader_is_slow()
    {
        byte[] sent = RandomNumberGenerator.GetBytes(3_000_001);
        (SafeFileHandle sourceReader, SafeFileHandle sourceWriter) = Descriptors.CreatePipe();
        (SafeFileHandle targetReader, SafeFileHandle targetWriter) = Descriptors.CreatePipe();
        Descriptors.SetNonBlocking(sourceReader);
        Descriptors.SetNonBlocking(targetWriter);

        StreamCopy copy = Loop.Copy(sourceReader, targetWriter);
        Task writing = WriteAsync(sourceWriter, sent);
        byte[] received = await ReadAsync(targetReader);
        await writing;
        await copy.Completion.WaitAsync(TimeSpan.FromSeconds(10), Token);

        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received));
    }

    [Fact]
    public async Task Bytes_are_added_to_a_file()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(directory["log"], "before ", Token);
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        Descriptors.SetNonBlocking(reader);

        StreamCopy copy = Loop.Copy(reader, Descriptors.OpenAppend(directory["log"], 0b110_100_100));
        await WriteAsync(writer, "after"u8.ToArray());
        await copy.Completion.WaitAsync(TimeSpan.FromSeconds(10), Token);

        Assert.Equal("before after", await File.ReadAllTextAsync(directory["log"], Token));
    }

    [Fact]
    public async Task A_copy_that_is_stopped_closes_both_ends()
    {
        (SafeFileHandle sourceReader, SafeFileHandle sourceWriter) = Descriptors.CreatePipe();
        (SafeFileHandle targetReader, SafeFileHandle targetWriter) = Descriptors.CreatePipe();
        Descriptors.SetNonBlocking(sourceReader);

        StreamCopy copy = Loop.Copy(sourceReader, targetWriter);
        copy.Stop();
        await copy.Completion.WaitAsync(TimeSpan.FromSeconds(10), Token);
        byte[] rest = await ReadAsync(targetReader);

        Assert.Empty(rest);
        Assert.True(sourceReader.IsClosed);
        sourceWriter.Dispose();
    }

    [Fact]
    public async Task A_destination_that_breaks_ends_the_copy()
    {
        (SafeFileHandle sourceReader, SafeFileHandle sourceWriter) = Descriptors.CreatePipe();
        (SafeFileHandle targetReader, SafeFileHandle targetWriter) = Descriptors.CreatePipe();
        Descriptors.SetNonBlocking(sourceReader);
        targetReader.Dispose();

        StreamCopy copy = Loop.Copy(sourceReader, targetWriter);
        await WriteAsync(sourceWriter, "x"u8.ToArray());

        await copy.Completion.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task A_watch_that_is_given_up_is_cancelled()
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        using CancellationTokenSource stop = new();

        Task waiting = Loop.WaitReadableAsync(reader, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        reader.Dispose();
        writer.Dispose();
    }

    private static async Task WriteAsync(SafeFileHandle handle, byte[] bytes)
    {
        await using FileStream stream = new(handle, FileAccess.Write, 0);
        await stream.WriteAsync(bytes, Token);
    }

    private static async Task<byte[]> ReadAsync(SafeFileHandle handle)
    {
        await using FileStream stream = new(handle, FileAccess.Read, 0);
        using MemoryStream all = new();
        await stream.CopyToAsync(all, Token);
        return all.ToArray();
    }
}
