using System.Buffers;
using System.Text;
using System.Text.Json;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Containers;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Labels;
using Gantry.Server.Services.Lists;
using Xunit;

namespace Gantry.Server.Tests.Services;

public sealed class RecordEncoderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(20_000)]
    [InlineData(300_000)]
    public void Many_containers_read_as_the_messages_that_are_made_of_them_one_by_one(int specSize)
    {
        DateTimeOffset made = new(2026, 11, 24, 1, 2, 3, 456, TimeSpan.Zero);
        ContainerRecord[] records = [.. Enumerable.Range(0, 40).Select(i => new ContainerRecord($"id-{i}")
        {
            Image = i % 2 == 0 ? "" : "docker.io/library/busybox:latest",
            RuntimeName = "io.containerd.runc.v2",
            RuntimeOptions = i % 3 == 0 ? null : new TypedBytes("options", new byte[i]),
            Spec = new TypedBytes("spec", Encoding.UTF8.GetBytes(new string('s', specSize + i))),
            Snapshotter = "overlayfs",
            SnapshotKey = $"key-{i}",
            Sandbox = i % 5 == 0 ? "pod" : "",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "1", ["ä\"\\"] = $"ö{i}\n" },
            CreatedAt = i == 1 ? default : made.AddTicks(i),
            UpdatedAt = i == 2 ? DateTimeOffset.UnixEpoch.AddTicks(-1) : made,
        })];
        ListContainersResponse expected = new();
        expected.Containers.AddRange(records.Select(record => record.ToMessage()));
        using WireWriter writer = new();

        foreach (ContainerRecord record in records)
        {
            Write(writer, record);
        }

        ArrayBufferWriter<byte> written = new();
        long length = writer.Finish();
        foreach (ReadOnlyMemory<byte> piece in writer.Pieces())
        {
            written.Write(piece.Span);
        }

        Assert.Equal(written.WrittenCount, length);
        Assert.Equal(expected, ListContainersResponse.Parser.ParseFrom(written.WrittenSpan));
    }

    private static void Write(WireWriter writer, ContainerRecord record)
    {
        static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
        byte[] labels = Utf8($$"""{"a":"1","ä\"\\":"{{JsonEncodedText.Encode(record.Labels["ä\"\\"])}}"}""");
        RecordEncoder.Write(writer, 1, new ContainerView
        {
            Id = Utf8(record.Id),
            Image = Utf8(record.Image),
            RuntimeName = Utf8(record.RuntimeName),
            HasRuntimeOptions = record.RuntimeOptions is not null,
            RuntimeOptionsType = Utf8(record.RuntimeOptions?.TypeUrl ?? ""),
            RuntimeOptions = record.RuntimeOptions is { } options ? options.Value.Span : default,
            HasSpec = true,
            SpecType = Utf8(record.Spec!.TypeUrl),
            Spec = record.Spec.Value.Span,
            Snapshotter = Utf8(record.Snapshotter),
            SnapshotKey = Utf8(record.SnapshotKey),
            Sandbox = Utf8(record.Sandbox),
            Extensions = default,
            Labels = new StoredLabels(labels),
            CreatedAt = record.CreatedAt,
            UpdatedAt = record.UpdatedAt,
        });
    }
}
