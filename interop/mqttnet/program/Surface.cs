using System.Reflection;
using System.Runtime.CompilerServices;
using MQTTnet;
using MQTTnet.AspNetCore;
using MQTTnet.Server;

namespace Anax.Interop;

/// <summary>What programs can name of MQTTnet: its public types and their members, without what is public for its own parts only.</summary>
public static class Surface
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    static readonly string[] OwnParts = ["Internal", "Formatter", "Adapter", "Channel", "Implementations", "PacketDispatcher"];

    /// <summary>Names of members by type; of an enumeration its numbers.</summary>
    public static SortedDictionary<string, SortedDictionary<string, long?>> Types()
    {
        Assembly[] assemblies = [typeof(IMqttClient).Assembly, typeof(MqttServer).Assembly, typeof(MqttConnectionHandler).Assembly];
        var types = assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(IsForPrograms);
        var found = new SortedDictionary<string, SortedDictionary<string, long?>>(StringComparer.Ordinal);
        foreach (var type in types) found[type.Name] = MembersOf(type);
        return found;
    }

    static bool IsForPrograms(Type type) =>
        !type.IsNested && (IsNamedByAll(type) || !type.Namespace!.Split('.').Any(OwnParts.Contains));

    /// <summary>These lie beside what is the library's own.</summary>
    static bool IsNamedByAll(Type type) =>
        type.Name is "MqttProtocolVersion" or "MqttConnectingFailedException" or "IMqttClientStreamProvider";

    static SortedDictionary<string, long?> MembersOf(Type type)
    {
        var members = new SortedDictionary<string, long?>(StringComparer.Ordinal);
        if (type.IsEnum)
        {
            foreach (var name in Enum.GetNames(type)) members[name] = Convert.ToInt64(Enum.Parse(type, name));
            return members;
        }
        foreach (var member in type.GetMembers(Declared).Where(IsItsOwn)) members[member.Name] = null;
        return members;
    }

    static bool IsItsOwn(MemberInfo member) => member switch
    {
        MethodInfo method => !method.IsSpecialName && method.GetBaseDefinition().DeclaringType != typeof(object)
            && method.Name is not ("Dispose" or "Equals" or "GetHashCode" or "ToString"),
        ConstructorInfo => false,
        Type => false,
        _ => !member.IsDefined(typeof(CompilerGeneratedAttribute)),
    };
}
