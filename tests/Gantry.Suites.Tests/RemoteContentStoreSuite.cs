using Gantry.Core.Content;

namespace Gantry.Suites.Tests;

/// <summary>The contract suite for the content store of a daemon, through the client.</summary>
public abstract class RemoteContentStoreSuite(DaemonFixture fixture) : ContentStoreSuite
{
    protected override async Task<IContentStore> OpenAsync(string ns) => (await fixture.OpenAsync(ns)).Content;
}
