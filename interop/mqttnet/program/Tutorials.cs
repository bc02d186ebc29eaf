namespace Anax.Interop;

public static class Tutorials
{
    public static Task<int> RunAsync(string name, string address) => Task.FromResult(2);
}
