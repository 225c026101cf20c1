module Tidewater.Chartering.Cargo exposing (Cargo, Commodity(..), space)

{-| What is shipped.
-}


{-| The goods we broker. Grain is the one that must be kept away from what was carried before it.
-}
type Commodity
    = Grain
    | Coal
    | IronOre
    | CrudeOil


{-| A parcel of one commodity, weighed in tonnes.
-}
type alias Cargo =
    { commodity : Commodity
    , tonnes : Int
    }


{-| The room a cargo takes in the holds, in cubic metres. Ore is so dense that a ship is down to her marks long before she
is full, while grain fills her.
-}
space : Cargo -> Int
space cargo =
    let
        cubicMetresPerTenTonnes : Int
        cubicMetresPerTenTonnes =
            case cargo.commodity of
                Grain ->
                    13

                Coal ->
                    12

                IronOre ->
                    4

                CrudeOil ->
                    11
    in
    cargo.tonnes * cubicMetresPerTenTonnes // 10
