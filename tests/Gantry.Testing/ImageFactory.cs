using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Oci.Image;

namespace Gantry.Testing;

/// <summary>Makes small real images out of Debian's static busybox.</summary>
public static class ImageFactory
{
    private const string BusyboxProgram = "/bin/busybox";

    /// <summary>
    /// Makes an image of one layer with umoci: busybox with its commands, /etc/passwd, and <c>sh</c> as command.
    /// </summary>
    /// <param name="directory">A directory for the OCI layout and for scratch; it need not exist.</param>
    /// <param name="tag">The image's tag.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The image, as skopeo calls it: <c>oci:DIRECTORY/layout:TAG</c>.</returns>
    public static async Task<string> MakeBusyboxAsync(
        string directory,
        string tag = "latest",
        CancellationToken cancellationToken = default)
    {
        Needs.Root();
        Needs.Require(File.Exists(BusyboxProgram), BusyboxProgram);
        Directory.CreateDirectory(directory);
        string image = $"{Path.Combine(directory, "layout")}:{tag}";
        string bundle = Path.Combine(directory, "bundle");
        string root = Path.Combine(bundle, "rootfs");
        await UmociAsync(["init", "--layout", Path.Combine(directory, "layout")], cancellationToken);
        await UmociAsync(["new", "--image", image], cancellationToken);
        await UmociAsync(["unpack", "--image", image, bundle], cancellationToken);
        await WriteRootAsync(root, cancellationToken);
        await UmociAsync(["repack", "--image", image, bundle], cancellationToken);
        await UmociAsync(
            [
                "config", "--image", image, "--config.cmd", "/bin/sh",
                "--config.env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "--config.workingdir", "/",
            ],
            cancellationToken);
        Directory.Delete(bundle, recursive: true);
        return "oci:" + image;
    }

    /// <summary>A layer of regular files, gzip, and the digest of its uncompressed tar.</summary>
    /// <param name="layout">The layout it goes into.</param>
    /// <param name="files">Names without a leading slash, and contents. A name that ends with a slash is a directory.</param>
    public static (Descriptor Layer, Digest DiffId) AddLayer(
        OciLayout layout,
        params IReadOnlyList<(string Name, byte[] Data)> files)
    {
        byte[] tar = MakeTar(files);
        return (layout.Add(MediaTypes.OciLayerGzip, Gzip(tar)), Digest.OfBytes(tar));
    }

    /// <summary>A tar of regular files and directories.</summary>
    /// <param name="files">As for <see cref="AddLayer"/>.</param>
    public static byte[] MakeTar(params IReadOnlyList<(string Name, byte[] Data)> files)
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string name, byte[] data) in files)
            {
                bool directory = name.EndsWith('/');
                PaxTarEntry entry = new(directory ? TarEntryType.Directory : TarEntryType.RegularFile, name)
                {
                    Mode = directory ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100,
                    ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
                };
                using MemoryStream content = new(data);
                if (!directory)
                {
                    entry.DataStream = content;
                }

                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The gzip of bytes.</summary>
    /// <param name="data">The bytes.</param>
    public static byte[] Gzip(byte[] data)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest))
        {
            gzip.Write(data);
        }

        return stream.ToArray();
    }

    private static async Task WriteRootAsync(string root, CancellationToken cancellationToken)
    {
        foreach (string name in new[] { "bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "var" })
        {
            Directory.CreateDirectory(Path.Combine(root, name));
        }

        File.SetUnixFileMode(Path.Combine(root, "tmp"), (UnixFileMode)0b001_111_111_111);
        string busybox = Path.Combine(root, "bin", "busybox");
        File.Copy(BusyboxProgram, busybox);
        File.SetUnixFileMode(busybox, (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(
            Path.Combine(root, "etc", "passwd"),
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
            cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(root, "etc", "group"), "root:x:0:\nnogroup:x:65534:\n", cancellationToken);
        BufferedCommandResult list = await Cli.Wrap(BusyboxProgram)
            .WithArguments(["--list"])
            .ExecuteBufferedAsync(Encoding.ASCII, cancellationToken);
        foreach (string applet in list.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (applet != "busybox")
            {
                File.CreateSymbolicLink(Path.Combine(root, "bin", applet), "busybox");
            }
        }
    }

    private static Task UmociAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        Cli.Wrap(Needs.Program("umoci")).WithArguments(arguments).ExecuteBufferedAsync(cancellationToken);
}
