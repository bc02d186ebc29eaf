using Anax.Interop;

// One program with several parts, so that it is restored and built once. What it says are lines of JSON, but for the
// tutorials' programs, which print what a reader of the tutorial would see.
return args switch
{
    ["client"] => await new ClientPart().RunAsync(),
    ["server"] => await new ServerPart().RunAsync(),
    ["tutorial", var name, var address] => await Tutorials.RunAsync(name, address),
    ["bench-server", var port] => await Bench.ServeAsync(int.Parse(port)),
    ["bench-client", var port, var scenario, var seconds] =>
        await Bench.MeasureAsync(int.Parse(port), scenario, double.Parse(seconds)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("client | server | tutorial <name> <address> | bench-server <port> | bench-client <port> <scenario> <seconds>");
    return 2;
}
