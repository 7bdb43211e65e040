using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>Against Debian's docker-registry, filled by skopeo.</summary>
public sealed class RealRegistryTests
{
    private static readonly byte[] Data = [.. Enumerable.Range(0, 2_000_000).Select(i => (byte)(i * i >> 7))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_is_resolved_and_fetched_over_plain_http()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        string name = await PushAsync(server, directory);
        using RegistryClient client = new(new RegistryOptions());
        Reference reference = Reference.Parse(name);

        Descriptor target = await client.ResolveAsync(reference, Cancel);
        ImageManifest manifest = OciJson.ParseManifest(await client.FetchManifestAsync(reference, target, Cancel));
        byte[] config = await ReadAsync(client, reference, manifest.Config, 0);
        byte[] layer = await ReadAsync(client, reference, manifest.Layers[0], 0);

        Assert.Equal(MediaTypes.OciManifest, target.MediaType);
        Assert.Equal(manifest.Config.Digest, Digest.OfBytes(config));
        Assert.Equal(manifest.Layers[0].Digest, Digest.OfBytes(layer));
        Assert.Single(OciJson.ParseConfig(config).DiffIds);
    }

    [Fact]
    public async Task A_blob_can_be_read_from_an_offset_on()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory));
        using RegistryClient client = new(new RegistryOptions());
        Descriptor target = await client.ResolveAsync(reference, Cancel);
        Descriptor layer = OciJson.ParseManifest(
            await client.FetchManifestAsync(reference, target, Cancel)).Layers[0];

        byte[] whole = await ReadAsync(client, reference, layer, 0);
        byte[] rest = await ReadAsync(client, reference, layer, layer.Size - 1000);
        byte[] nothing = await ReadAsync(client, reference, layer, layer.Size);

        Assert.Equal(whole[^1000..], rest);
        Assert.Empty(nothing);
    }

    [Fact]
    public async Task A_digest_is_resolved_to_itself()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory));
        using RegistryClient client = new(new RegistryOptions());
        Descriptor byTag = await client.ResolveAsync(reference, Cancel);

        Descriptor byDigest = await client.ResolveAsync(reference.WithDigest(byTag.Digest), Cancel);

        Assert.Equal(byTag, byDigest);
    }

    [Theory]
    [InlineData("app:missing")]
    [InlineData("nobody/nothing:latest")]
    [InlineData("app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task What_is_not_there_is_not_found(string name)
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        await PushAsync(server, directory);
        using RegistryClient client = new(new RegistryOptions());
        string full = $"{server.Host}/{name}";

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Reference.Parse(full), Cancel));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Equal($"failed to resolve reference \"{full}\": {full}: not found", error.Message);
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_not_found()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory));
        using RegistryClient client = new(new RegistryOptions());

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => client.OpenBlobAsync(
            reference, new Descriptor(MediaTypes.OciLayer, Digest.OfBytes([1]), 1), 0, Cancel));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.StartsWith($"content at http://{server.Host}/v2/app/blobs/sha256:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_docker_manifest_is_read()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory, "v2s2"));
        using RegistryClient client = new(new RegistryOptions());

        Descriptor target = await client.ResolveAsync(reference, Cancel);
        ImageManifest manifest = OciJson.ParseManifest(await client.FetchManifestAsync(reference, target, Cancel));

        Assert.Equal(MediaTypes.DockerManifest, target.MediaType);
        Assert.Equal(MediaTypes.DockerConfig, manifest.Config.MediaType);
        Assert.Equal(MediaTypes.DockerLayerGzip, manifest.Layers[0].MediaType);
    }

    [Fact]
    public async Task An_authority_of_ones_own_opens_https()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(
            new RegistryServerOptions { Tls = true }, Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory));
        using RegistryClient client = new(new RegistryOptions { CaFiles = [server.CaFile!] });

        Descriptor target = await client.ResolveAsync(reference, Cancel);

        Assert.Equal(MediaTypes.OciManifest, target.MediaType);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_unless_told_otherwise()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(
            new RegistryServerOptions { Tls = true }, Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory));
        using RegistryClient strict = new(new RegistryOptions());
        using RegistryClient careless = new(new RegistryOptions { SkipVerify = true });

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => strict.ResolveAsync(reference, Cancel));
        Descriptor target = await careless.ResolveAsync(reference, Cancel);

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains(
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            error.Message,
            StringComparison.Ordinal);
        Assert.Equal(MediaTypes.OciManifest, target.MediaType);
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused_even_from_a_known_authority()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(
            new RegistryServerOptions { Tls = true, CertificateHost = "elsewhere.example" }, Cancel);
        using RegistryClient client = new(new RegistryOptions { CaFiles = [server.CaFile!] });

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Reference.Parse($"{server.Host}/app:v1"), Cancel));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("certificate is not valid for this host", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.pem", null, "no such file")]
    [InlineData("empty.pem", "", "no certificate in it")]
    [InlineData("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "PEM")]
    public void A_file_of_authorities_that_cannot_be_used_is_named(string name, string? content, string reason)
    {
        using TempDirectory directory = new();
        if (content is not null)
        {
            File.WriteAllText(directory[name], content);
        }

        GantryException error = Assert.Throws<GantryException>(
            () => new RegistryClient(new RegistryOptions { CaFiles = [directory[name]] }));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(directory[name], error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_comes_in_by_password_and_nobody_else()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(
            new RegistryServerOptions { Username = "me", Password = "s3cret" }, Cancel);
        Reference reference = Reference.Parse(await PushAsync(server, directory));
        using RegistryClient known = new(With("me", "s3cret"));
        using RegistryClient wrong = new(With("me", "guess"));
        using RegistryClient anonymous = new(new RegistryOptions());

        Descriptor target = await known.ResolveAsync(reference, Cancel);
        GantryException refused = await Assert.ThrowsAsync<GantryException>(() => wrong.ResolveAsync(reference, Cancel));
        GantryException nobody = await Assert.ThrowsAsync<GantryException>(() => anonymous.ResolveAsync(reference, Cancel));

        Assert.Equal(MediaTypes.OciManifest, target.MediaType);
        Assert.Equal(ErrorKind.Unauthenticated, refused.Kind);
        Assert.Contains("authentication required", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.Unauthenticated, nobody.Kind);
        Assert.Contains("no basic auth credentials", nobody.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("guess", refused.Message, StringComparison.Ordinal);
    }

    private static RegistryOptions With(string user, string password) => new()
    {
        Credentials = new FixedCredential(new RegistryCredential(user, password)),
    };

    private static async Task<string> PushAsync(RegistryServer server, TempDirectory directory, string? format = null)
    {
        OciLayout layout = new(directory["layout"]);
        layout.AddImage("v1", Platform.Current, [ImageFactory.AddLayer(layout, ("data.bin", Data))]);
        return await server.PushAsync(layout.Source("v1"), "app:v1", format, Cancel);
    }

    private static async Task<byte[]> ReadAsync(
        RegistryClient client,
        Reference reference,
        Descriptor descriptor,
        long offset)
    {
        await using Stream stream = await client.OpenBlobAsync(reference, descriptor, offset, Cancel);
        using MemoryStream all = new();
        await stream.CopyToAsync(all, Cancel);
        return all.ToArray();
    }
}
